//! What a shell needs to complete a program's command line.

use super::Program;

impl Program {
    /// A script that lets bash complete this program's options, and file names.
    pub fn bash_completion(&self) -> String {
        let (mut words, mut valued) = (Vec::new(), Vec::new());
        for flag in self.flags() {
            words.push(format!("--{}", flag.name));
            if flag.value.is_some() {
                valued.push(format!("--{}", flag.name));
            }
        }
        // A pattern that no word matches, where no option takes a value.
        let valued = match valued.is_empty() {
            true => "''".to_owned(),
            false => valued.join("|"),
        };
        format!(
            "# Made from the program's own tables; see the test that checks it.\n\
             _messenger_{name}() {{\n    \
                 local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n    \
                 COMPREPLY=()\n    \
                 case $before in {valued}) return ;; esac\n    \
                 case $word in\n        \
                     -*) mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$word\") ;;\n        \
                     *) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n    \
                 esac\n\
             }}\n\
             complete -o filenames -F _messenger_{name} {name}\n",
            name = self.name,
            words = words.join(" "),
        )
    }
}
