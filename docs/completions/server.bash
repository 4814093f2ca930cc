# Made from the program's own tables; see the test that checks it.
_messenger_server() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    case $before in --bind|--ack-timeout|--dial-timeout|--login-timeout|--port-timeout|--max-clients|--history|--history-limit) return ;; esac
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '--bind --ack-timeout --dial-timeout --login-timeout --port-timeout --max-clients --strict --history --history-limit --takeover --check --help --version' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _messenger_server server
