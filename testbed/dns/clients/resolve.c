// Resolves names with the C library that it is linked with and prints their addresses, a line for each name.
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int count, char **names) {
    for (int i = 1; i < count; i++) {
        struct addrinfo hints, *found = NULL;
        memset(&hints, 0, sizeof hints);
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        printf("%s", names[i]);
        if (getaddrinfo(names[i], NULL, &hints, &found) == 0) {
            for (struct addrinfo *one = found; one; one = one->ai_next) {
                char text[INET6_ADDRSTRLEN] = "";
                const void *address = one->ai_family == AF_INET
                    ? (const void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr
                    : (const void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr;
                inet_ntop(one->ai_family, address, text, sizeof text);
                printf(" %s", text);
            }
            freeaddrinfo(found);
        }
        printf("\n");
    }
    return 0;
}
