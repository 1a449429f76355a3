# Sourced by the other scripts: what to install, and how many jobs this machine can run.

# Debian packages for building the library and the examples.
packages_build="build-essential cmake ninja-build ccache pkg-config ca-certificates
    libboost1.81-dev libfmt-dev libssl-dev libcli11-dev libtomlplusplus-dev libspdlog-dev nlohmann-json3-dev
    librdkafka-dev libhiredis-dev"
# Further ones for the tests.
packages_test="doctest-dev doxygen python3 python3-venv python3-stomp openssl curl git chromium
    redis-server redis-tools python3-yaml"

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# missing <package>...: prints those that are not installed.
missing() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# node_packages: prints what of Node and npm has to come from Debian. Many machines have another, newer Node, which Debian's would hide.
node_packages() {
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
}

# java_packages: the same for Java and Maven, which the tests with Spring's client need.
java_packages() {
    command -v javac >/dev/null || echo default-jdk-headless
    command -v mvn >/dev/null || echo maven
}

# cluster_packages: what a cluster on this machine needs besides stompchat.
cluster_packages() {
    echo python3 redis-server
    command -v java >/dev/null || echo default-jre-headless
    command -v mvn >/dev/null || echo maven
}

# install_packages <package>...: installs what is missing. When nothing is, it needs neither root nor a network.
install_packages() {
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || {
        echo "This is no Debian system, so nothing is installed here. Needed: $*"
        return 0
    }
    local wanted
    wanted=$(missing "$@" | tr '\n' ' ')
    [ -n "$wanted" ] || return 0

    local by_hand="apt-get update && apt-get install --no-install-recommends $wanted"
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        # Without a terminal nobody can answer the question for a password.
        local ask=(-n)
        [ ! -t 0 ] || ask=()
        command -v sudo >/dev/null && sudo "${ask[@]}" true ||
            die "These packages are missing and root has to install them: $wanted
As root: $by_hand
Then run this again; it needs no root itself."
        as_root=(sudo)
    fi
    say "Installing $wanted"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update </dev/null &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $wanted </dev/null ||
        die "The packages could not be installed. As root: $by_hand"
}

# jobs [<MiB>]: one for each core, but no more than memory allows: the largest units take about 1.5 GiB.
jobs() {
    local by_memory
    by_memory=$(awk -v each="${1:-1536}" '/^MemAvailable:/ { print int($2 / 1024 / each) }' /proc/meminfo)
    local count
    count=$(nproc)
    [ "$count" -le "$by_memory" ] || count=$by_memory
    [ "$count" -ge 1 ] || count=1
    echo "$count"
}

# build_server: builds the server that scripts/demo and scripts/cluster run, build/demo/examples/server/stompchat-server.
build_server() {
    scripts/deps build
    say "Building (the first time takes some minutes)"
    cmake --preset release -B build/demo
    cmake --build build/demo --target stompchat-server --parallel "$(jobs)"
}
