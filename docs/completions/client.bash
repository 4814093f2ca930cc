# Made from the program's own tables; see the test that checks it.
_messenger_client() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    case $before in --reply-timeout) return ;; esac
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '--extended --reply-timeout --help --version' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _messenger_client client
