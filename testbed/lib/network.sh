# The pods' network: a bridge and a /24 of this copy's own.

bridge() { echo "plim$ID"; }

# The first free third octet, beginning at one that the copy's id gives, so that two copies seldom race for the same.
choose_subnet() {
    local start=$((16#$ID % 256)) step octet
    for step in $(seq 0 255); do
        octet=$(((start + step) % 256))
        ip -4 -o addr show | grep -q "inet 10\.200\.$octet\." || { echo "10.200.$octet"; return; }
    done
    die "no free subnet in 10.200.0.0/16"
}

write_cni() {
    local folder=$DIR/net.d
    mkdir -p "$folder"
    cat >"$folder/10-bridge.conflist" <<TEXT
{"cniVersion": "1.0.0", "name": "testbed-$ID", "plugins": [{"type": "bridge", "bridge": "$(bridge)", "isGateway": true,
  "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "$DIR/cni-state",
  "ranges": [[{"subnet": "$SUBNET.0/24"}]]}}]}
TEXT
}

remove_network() {
    ip link show "$(bridge)" >/dev/null 2>&1 || return 0
    ip link delete "$(bridge)"
}
