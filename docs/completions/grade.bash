# Made from the program's own tables; see the test that checks it.
_messenger_grade() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    case $before in --at|--mark|--json|--visibility|--patience|--start|--jobs) return ;; esac
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '--at --tty --mark --json --visibility --patience --start --jobs --list --accounts --help --version' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _messenger_grade grade
