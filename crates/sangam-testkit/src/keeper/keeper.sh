# Keeps a folder and at most one server in it for the process that holds the other end of its standard input, and ends both
# when that end is closed: by the holder, or by the system when the holder dies, whatever it dies of. It runs in a process
# group of its own, or what ends the holder's group would end it as well.
#
# keeper PREPARE CLEANUP SERVER...
#   PREPARE  shell commands that fill the folder, which is the working folder of everything here
#   CLEANUP  shell commands for what a killed server leaves outside of the folder
#   SERVER   the server's command without its last word, the port
#
# Orders, one a line: `run PORT`, `STOP`, `CONT`, `KILL`, `INT` (the signals; after the last two it waits for the end).
# Answers among the server's own lines: `keeper: folder PATH`, `done`, `idle` (there is no server) and `ended` (it and all its
# children have).

# The system wakes a group with frozen members by a HUP when the holder dies.
trap '' HUP INT QUIT TERM PIPE
umask 077
unset KEEPER
prepare=$1
cleanup=$2
shift 2

folder=$(mktemp -d "${TMPDIR:-/tmp}/sangam-XXXXXX") && cd "$folder" || exit

leave() {
    cd /
    rm -rf "$folder"
    exit "$1"
}

if ! sh -ec "$prepare" </dev/null >prepare.log 2>&1; then
    cat prepare.log
    leave 1
fi
mkfifo said
echo "keeper: folder $folder"

server=
relay=

children() {
    if [ -d /proc/self ]; then
        grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d/ -f3
    else
        pgrep -P "$1"
    fi
}

# Its number may be another's once the server has ended.
running() {
    [ -n "$server" ] && children $$ | grep -qx "$server"
}

run() {
    # The pipe ends when the last process that can write into it has.
    {
        cat 2>/dev/null || cat >/dev/null
        echo 'keeper: ended'
    } <said 2>/dev/null &
    relay=$!
    exec 3>said
    "$@" </dev/null >&3 2>&1 3>&- &
    server=$!
    exec 3>&-
}

# A stopped server starts no more children.
freeze() {
    kill -STOP "$server"
    kill -STOP $(children "$server")
}

thaw() {
    kill -CONT $(children "$server") "$server"
}

# Both it and the relay are waited for: a server whose number is still taken seems to run.
end() {
    if running; then
        case $1 in
            KILL) freeze; kill -KILL $(children "$server") "$server" ;;
            *) thaw; kill "-$1" "$server" ;;
        esac 2>/dev/null
    fi
    [ -z "$server" ] || wait "$server" "$relay" 2>/dev/null
    server=
}

while read -r order port; do
    case $order in
        run)
            run "$@" "$port"
            continue
            ;;
        KILL | INT) end "$order" ;;
        *)
            if ! running; then
                echo 'keeper: idle'
                continue
            fi
            case $order in
                STOP) freeze ;;
                CONT) thaw ;;
            esac 2>/dev/null
            ;;
    esac
    echo 'keeper: done'
done

end KILL
sh -c "$cleanup" >/dev/null 2>&1
leave 0
