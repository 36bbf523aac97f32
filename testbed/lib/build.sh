# Go programs, each from its own module (their dependencies disagree), kept outside git under a key of their sources.

# key MODULE: changes with everything that the binary is made of.
key() { (cd "$HERE/$1" && cat ./*.mod ./*.sum ./*.go 2>/dev/null; go version) | sha256sum | cut -c1-16; }

binary() { echo "$CACHE/$1-$(key "$1")"; }

# build MODULE PACKAGE LDFLAGS [FLAG...]: a half-written file never has the final name.
build() {
    local module=$1 package=$2 ldflags=$3 target
    shift 3
    target=$(binary "$module")
    if [ -x "$target" ]; then say "$module is built"; return; fi
    mkdir -p "$CACHE"
    (cd "$HERE/$module" && nice -n 5 go build "$@" -trimpath -ldflags "-s -w $ldflags" -o "$target.$$" "$package") || return
    mv "$target.$$" "$target"
}

kubernetes_ldflags() {
    local package=k8s.io/component-base/version
    echo "-X $package.gitVersion=$1 -X $package.gitMajor=1 -X $package.gitMinor=$(echo "$1" | cut -d. -f2)"
}

build_controlplane() {
    build controlplane . "$(kubernetes_ldflags "$KUBERNETES_VERSION")" && return
    say "Kubernetes $KUBERNETES_VERSION did not build; trying $KUBERNETES_FALLBACK"
    build controlplane . "$(kubernetes_ldflags "$KUBERNETES_FALLBACK")" -modfile=go-1.36.mod
}

build_coredns() { build coredns github.com/coredns/coredns ""; }

build_all() {
    command -v go >/dev/null || die "needs Go (see testbed/README.md)"
    stage "build Kubernetes" build_controlplane
    stage "build KWOK" build kwok sigs.k8s.io/kwok/cmd/kwok ""
    stage "build kube-state-metrics" build kube-state-metrics k8s.io/kube-state-metrics/v2 \
        "-X github.com/prometheus/common/version.Version=$KUBE_STATE_METRICS_VERSION"
    stage "build node_exporter" build node-exporter github.com/prometheus/node_exporter ""
    stage "build CoreDNS" build_coredns
}
