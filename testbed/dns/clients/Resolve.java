import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Resolves names with Java's resolver and prints their addresses, sorted, a line for each name. */
public class Resolve {
    public static void main(String[] names) {
        for (String name : names) {
            System.out.println((name + " " + addresses(name)).trim());
        }
    }

    private static String addresses(String name) {
        try {
            return Arrays.stream(InetAddress.getAllByName(name)).map(InetAddress::getHostAddress).sorted()
                .collect(Collectors.joining(" "));
        } catch (UnknownHostException unknown) {
            return "";
        }
    }
}
