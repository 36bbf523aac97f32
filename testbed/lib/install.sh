# Debian's packages. Nothing is asked of the network when all of them are there.

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

install_packages() {
    local missing=() package
    for package in "${PACKAGES[@]}"; do
        installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then say "all packages are there"; return; fi
    [ "$(id -u)" = 0 ] || die "needs root to install: ${missing[*]}"
    stage "apt-get install ${missing[*]}" apt_install "${missing[@]}"
}

# policy-rc.d keeps the packages from starting services of their own: this testbed starts its own containerd.
apt_install() {
    apt-get update -qq
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made=1; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    [ -z "$made" ] || rm "$policy"
}
