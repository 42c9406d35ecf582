//! What a program writes that does not start: its command, modules, configuration, memory, ports.

use super::row::{By, HintRow};
use crate::domain::failure::CauseKind::{self, Application, Deployment, Environment};

const fn row(kind: CauseKind, says: &'static [&'static str], means: &'static str, hint: &'static str) -> HintRow {
    HintRow::new(By::Program, kind, says, means, hint)
}

const fn either(kind: CauseKind, says: &'static [&'static str], means: &'static str, hint: &'static str) -> HintRow {
    HintRow::new(By::Either, kind, says, means, hint)
}

const STOPPED: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html";

/// The first that is about a text counts: what is narrower comes first.
pub const ROWS: &[HintRow] = &[
    // The command.
    either(
        Environment,
        &["exec format error"],
        "the program is built for another platform, or is no program",
        "build for the platform of the tasks: `platforms` of the component, or `runtimePlatform.cpuArchitecture` of the task \
         definition; a script needs a first line such as `#!/bin/sh`",
    )
    .from(STOPPED),
    either(
        Environment,
        &[
            "executable file not found in $PATH",
            "exec: *: no such file or directory",
            "exec /*: no such file or directory",
            "stat /*: no such file or directory: unknown",
            ": command not found",
            "sh: * not found",
        ],
        "the command is not in the image",
        "correct `command` and `entryPoint` of {container}, or add the program to the image; a script with Windows line \
         endings is not found either",
    )
    .from(STOPPED),
    either(
        Environment,
        &["exec: *: permission denied", "exec /*: permission denied", "starting container process*permission denied"],
        "the command is not executable",
        "make the entrypoint of {container} executable in the image: `RUN chmod +x FILE`, or let git keep its mode",
    )
    .from(STOPPED),
    // Memory and disk.
    row(
        Application,
        &["JavaScript heap out of memory", "Reached heap limit"],
        "the heap of node is full",
        "raise `--max-old-space-size` in `NODE_OPTIONS` to three quarters of {limit}, or raise both",
    ),
    row(
        Application,
        &["java.lang.OutOfMemoryError", "GC overhead limit exceeded"],
        "the heap of Java is full",
        "set `-XX:MaxRAMPercentage=75`, or raise {limit}",
    ),
    row(
        Application,
        &["MemoryError", "Cannot allocate memory", "runtime: out of memory", "memory allocation of * failed"],
        "the program gets no more memory",
        "raise {limit}, or let {container} use less: fewer workers, a smaller cache",
    ),
    row(
        Environment,
        &["No space left on device", "ENOSPC"],
        "the disk is full",
        "raise `ephemeralStorage` of the task definition, or write less to the disk of {container}",
    ),
    row(
        Environment,
        &["Read-only file system", "EROFS"],
        "the file system cannot be written to",
        "mount a volume where {container} writes, or turn off its `readonlyRootFilesystem`",
    ),
    row(
        Environment,
        &["Too many open files", "EMFILE"],
        "the program has too many open files",
        "raise `nofile` in `ulimits` of {container}",
    ),
    // Ports.
    row(
        Application,
        &["EADDRINUSE", "address already in use"],
        "the port is taken within the task",
        "let each container of the task listen on a port of its own, and start the server in {container} once",
    ),
    row(
        Environment,
        &["listen EACCES", "bind() to *:*(13: Permission denied)", "listen tcp *bind: permission denied"],
        "the program may not listen on that port",
        "let {container} listen on a port from 1024 on, or run as root: its user may not use lower ones",
    ),
    // Modules.
    row(
        Application,
        &["Cannot find module", "MODULE_NOT_FOUND", "Cannot find package *imported from"],
        "a module of node is not in the image",
        "copy or install it in the Dockerfile: `npm ci` with the lock file, and the output of the build; correct the path in \
         `command` if it is the program itself",
    ),
    row(
        Application,
        &["ModuleNotFoundError:", "No module named"],
        "a module of Python is not in the image",
        "add it to the requirements that the Dockerfile installs; for a module of your own set `WORKDIR` or `PYTHONPATH`",
    ),
    row(
        Application,
        &["ImportError:", "cannot import name"],
        "Python cannot import a name",
        "pin the version of the package that has the name, and build again; a circle of imports has to be opened",
    ),
    row(
        Application,
        &["cannot load such file --", "Could not find * in locally installed gems", "Bundler::GemNotFound"],
        "a gem is not in the image",
        "run `bundle install` in the Dockerfile with the groups of the environment",
    ),
    row(
        Application,
        &["ClassNotFoundException", "NoClassDefFoundError", "Unable to access jarfile", "Could not find or load main class"],
        "a class or a jar is not in the image",
        "copy the jar with its dependencies into the image, and correct the path in `command` of {container}",
    ),
    row(
        Environment,
        &["error while loading shared libraries", "version `GLIBC_", "Error loading shared library"],
        "a library of the system is not in the image, or an older one",
        "install it in the last stage of the Dockerfile, and build on the same base as the image runs on",
    ),
    // Configuration.
    row(
        Environment,
        &[
            "KeyError: '%'",
            "key not found: \"%\"",
            "% is not set",
            "% is not defined",
            "% must be set",
            "% is required",
            "% environment variable",
            "environment variable % ",
            "environment variable '%' *",
            "environment variable \"%\" *",
            "environment variable `%` *",
            "required environment variable",
            "missing environment variable",
            "environment variable not found",
            "validation error* for Settings",
            "Could not resolve placeholder",
            "Set the % environment variable",
        ],
        "a variable is missing",
        "add the variable to `environment` or `secrets` of {container} in the task definition",
    )
    .unless(&["using ", "defaulting", "default is", "warn", "ignor", "falling back", "optional", "deprecat", "is set", "ReferenceError", "SSL is", "TLS is", "HTTPS is"]),
    row(
        Environment,
        &[
            "is not valid JSON",
            "is not JSON",
            "JSONDecodeError",
            "in JSON at position",
            "Unexpected end of JSON input",
            "looking for beginning of value",
            "yaml: line",
            "YAMLException",
            "ScannerError",
            "TOML parse error",
            "expected value at line",
        ],
        "a file or a variable cannot be parsed",
        "correct the configuration that the line names: the file in the image, or the variable or secret of {container}",
    ),
    row(
        Environment,
        &["ImproperlyConfigured", "Invalid configuration", "configuration is invalid", "failed to load config", "unmarshal*config"],
        "the program refuses its configuration",
        "correct what the line names in the configuration, variables or secrets of {container}",
    ),
    row(
        Deployment,
        &["Invalid HTTP_HOST header", "Blocked host", "DisallowedHost"],
        "the program refuses the address of the task as a host",
        "let {container} take requests whose `Host` is the address of the task: `ALLOWED_HOSTS` of Django, `config.hosts` of \
         Rails",
    ),
];
