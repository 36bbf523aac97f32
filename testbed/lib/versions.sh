# What is built. The versions of Go modules stand in the go.mod files; these are what the programs say of themselves.
KUBERNETES_VERSION=v1.37.2
# Used when the first does not build (testbed/controlplane/go-1.36.mod).
KUBERNETES_FALLBACK=v1.36.3
KUBE_STATE_METRICS_VERSION=v2.20.0
# The last line: peers and clients of the DNS checks and measurements.
PACKAGES=(containerd runc containernetworking-plugins iptables busybox-static iproute2 curl jq openssl
    bind9-dnsutils dnsperf knot knot-dnsutils musl-tools unbound nftables conntrack)
CACHE=${PLIMSOLL_TESTBED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plimsoll-testbed}
