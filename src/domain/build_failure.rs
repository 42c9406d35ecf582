//! What is said of an image that docker does not build: the lines that say why, and the command to try it by hand.

use super::release::ReleaseName;
use super::target::ImageBuild;

/// Maximum number of lines that say why a build failed.
const LINES: usize = 3;

/// The lines of docker's output that say why it failed: the end of what the failing instruction wrote, and docker's own last
/// line. `output`: the end of it, oldest first.
pub fn why(output: &[String]) -> Vec<String> {
    let says_something = |line: &&String| line.contains(char::is_alphanumeric);
    let last = output.iter().rev().find(says_something);
    let mut lines = excerpt(output);
    if lines.is_empty() {
        let all: Vec<&String> = output.iter().filter(says_something).collect();
        return all[all.len().saturating_sub(LINES)..].iter().map(|line| line.trim().to_owned()).collect();
    }
    lines.drain(..lines.len().saturating_sub(LINES - 1));
    lines.extend(last.map(|line| line.trim().to_owned()).filter(|last| !lines.contains(last)));
    lines
}

/// What the failing instruction wrote, which `BuildKit` repeats between dashes under ` > [2/3] RUN …:`.
fn excerpt(output: &[String]) -> Vec<String> {
    let begins = |line: &String| line.trim_start().starts_with("> [");
    let Some(start) = output.iter().rposition(begins) else { return Vec::new() };
    let is_end = |line: &&String| line.starts_with("---");
    let lines = output[start + 1..].iter().take_while(|line| !is_end(line));
    lines.filter(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned()).collect()
}

/// The same build for a shell, in the directory of the configuration file. An argument that is the release is whole; of the
/// others the name alone stands there, which docker takes from the environment: a value may be from a secret.
pub fn command(build: &ImageBuild, release: &ReleaseName) -> String {
    let mut words = vec!["docker".to_owned(), "build".to_owned()];
    if let Some(dockerfile) = &build.dockerfile {
        words.extend(["--file".to_owned(), dockerfile.to_string()]);
    }
    if !build.platforms.is_empty() {
        words.extend(["--platform".to_owned(), build.platforms.join(",")]);
    }
    for (name, value) in &build.args {
        let whole = format!("{name}={}", value.render(release));
        words.extend([
            "--build-arg".to_owned(),
            if value.render(release) == release.to_string() { whole } else { name.clone() },
        ]);
    }
    words.push(if build.context.as_str().is_empty() { ".".to_owned() } else { build.context.to_string() });
    let quoted = words.iter().map(|word| shlex::try_quote(word).map_or_else(|_| word.clone(), Into::into));
    quoted.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_failing_instruction_and_the_last_line_say_why() {
        let buildkit = "#6 0.200 old\n#6 ERROR: process \"/bin/sh -c npm test\" did not complete: exit code: 1\n------\n \
                        > [3/3] RUN npm test:\n0.188 one\n0.190 two\n0.200 three\n------\nDockerfile:3\n\
                        --------------------\n   2 |     COPY . .\n   3 | >>> RUN npm test\n   4 |     \n\
                        --------------------\nERROR: failed to solve: exit code: 1";
        assert_eq!(why(&lines(buildkit)), ["0.190 two", "0.200 three", "ERROR: failed to solve: exit code: 1"]);
        let classic =
            "Step 2/2 : COPY none /\nCOPY failed: file not found in build context: stat none: file does not exist\n";
        assert_eq!(why(&lines(classic)).len(), 2);
        let long: Vec<String> = (0..20).map(|number| format!("line {number}")).collect();
        assert_eq!(why(&long), ["line 17", "line 18", "line 19"]);
        assert_eq!(why(&lines("------\n\n")), [""; 0]);
    }

    #[test]
    fn the_command_can_be_run_and_shows_no_value_that_may_be_secret() {
        let release: ReleaseName = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        let template = |text: &str| text.parse().unwrap();
        let build = ImageBuild {
            line: None,
            context: "my app".into(),
            dockerfile: Some("my app/Dockerfile.web".into()),
            platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            args: [("RELEASE".to_owned(), template("${release.sha}")), ("NPM_KEY".to_owned(), template("canary"))]
                .into(),
            tags: Vec::new(),
        };
        assert_eq!(
            command(&build, &release),
            format!(
                "docker build --file 'my app/Dockerfile.web' --platform 'linux/amd64,linux/arm64' \
                 --build-arg 'RELEASE={release}' --build-arg NPM_KEY 'my app'"
            )
        );
        assert_eq!(command(&ImageBuild::default(), &release), "docker build .");
    }
}
