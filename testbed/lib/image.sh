# Images out of static binaries: no registry is reachable, and none is needed for one layer of a few files.

# make_image NAME [--command JSON,WORDS] FILE...: the files stand in "/", the first is the entry point.
make_image() {
    local name=$1 command=
    shift
    if [ "${1:-}" = --command ]; then command=$2; shift 2; fi
    recall
    [ $# -gt 0 ] || die "image: which files?"
    local work file
    work=$(mktemp -d "$DIR/image.XXXXXX")
    mkdir "$work/root" "$work/root/tmp" "$work/root/data" "$work/root/tls"
    for file in "$@"; do install -m 0755 "$file" "$work/root/${file##*/}"; done
    tar -C "$work/root" --owner=0 --group=0 --sort=name -cf "$work/layer.tar" .
    image_config "$work" "${command:-\"/${1##*/}\"}" >"$work/config.json"
    printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$name" >"$work/manifest.json"
    tar -C "$work" -cf "$work/image.tar" manifest.json config.json layer.tar
    nsenter --target "$(pid_of mount-namespace)" --mount -- \
        ctr -a "$DIR/containerd.sock" -n k8s.io images import "$work/image.tar" >/dev/null
    rm -r "$work"
    say "image $name: ${*##*/}"
}

image_config() {
    printf '{"architecture": "%s", "os": "linux", "config": {"Entrypoint": [%s], "Env": ["PATH=/"]}, ' \
        "$(dpkg --print-architecture)" "$2"
    printf '"rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}, "history": [{"created_by": "testbed"}]}' \
        "$(sha256sum "$1/layer.tar" | cut -d' ' -f1)"
}
