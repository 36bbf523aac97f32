// Resolves names with Go's own resolver (GODEBUG=netdns=go) and prints their addresses, sorted, a line for each name.
package main

import (
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
)

func main() {
	for _, name := range os.Args[1:] {
		addresses, err := net.LookupHost(name)
		if err != nil {
			addresses = nil
		}
		sort.Strings(addresses)
		fmt.Println(strings.TrimSpace(name + " " + strings.Join(addresses, " ")))
	}
}
