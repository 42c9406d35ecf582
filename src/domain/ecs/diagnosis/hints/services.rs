//! What a program writes that does not get what it needs from others: databases, hosts, certificates, AWS.

use super::row::{By, HintRow};
use crate::domain::failure::CauseKind::{self, Application, Dependency, Environment, Permission};

const fn row(kind: CauseKind, says: &'static [&'static str], means: &'static str, hint: &'static str) -> HintRow {
    HintRow::new(By::Program, kind, says, means, hint)
}

/// The first that is about a text counts: what is narrower comes first.
pub const ROWS: &[HintRow] = &[
    // Databases.
    row(
        Dependency,
        &[
            "password authentication failed",
            "Access denied for user",
            "WRONGPASS",
            "NOAUTH Authentication required",
            "Login failed for user '",
            "AuthenticationFailed*mongo",
            "MongoServerError: Authentication failed",
            "SASL: SCRAM-SERVER-FIRST-MESSAGE",
        ],
        "the database does not take user and password",
        "correct user and password in the secret that {container} gets; what was rotated is read when a task starts",
    ),
    row(
        Dependency,
        &["no pg_hba.conf entry", "SSL connection is required", "requires SSL"],
        "the database wants an encrypted connection, or another user or address",
        "connect with TLS: `sslmode=require` in the address of the database",
    ),
    row(
        Dependency,
        &["database \"*\" does not exist", "Unknown database"],
        "the database does not exist on its server",
        "create the database, or correct its name in the address that {container} gets",
    ),
    row(
        Dependency,
        &[
            "permission denied for table",
            "permission denied for schema",
            "permission denied for relation",
            "permission denied for sequence",
            "permission denied for database",
            "command denied to user",
        ],
        "the user of the database lacks a right",
        "grant the right to the user that {container} connects as",
    ),
    row(
        Dependency,
        &["too many clients already", "remaining connection slots are reserved", "Too many connections"],
        "the database takes no more connections",
        "lower the pool of connections of {container}, put a proxy in between, or raise `max_connections`: during a rollout \
         old and new tasks have theirs",
    ),
    row(
        Application,
        &[
            "relation \"*\" does not exist",
            "no such table",
            "UndefinedTable",
            "Table '*' doesn't exist",
            "column * does not exist",
            "no such column",
            "UndefinedColumn",
            "Unknown column '",
            "PendingMigrationError",
            "Migrations are pending",
            "does not exist in the current database",
        ],
        "the database lacks a table or a column",
        "let a migration make it before the release: `pre-deploy` of the component; see that it ran on the database that \
         {container} connects to",
    ),
    // Hosts.
    row(
        Dependency,
        &[
            "getaddrinfo ENOTFOUND",
            "getaddrinfo EAI_AGAIN",
            "Name or service not known",
            "could not translate host name",
            "Temporary failure in name resolution",
            "nodename nor servname provided",
            "failed to lookup address information",
            "UnknownHostException",
            "no such host",
            "getaddrinfo failed",
            "Name does not resolve",
            "Could not resolve host",
            "Unknown MySQL server host",
        ],
        "a host name cannot be resolved",
        "correct the host name in the variables or secrets of {container}; a private name needs its hosted zone on the VPC of \
         the service, and DNS turned on there",
    ),
    row(
        Dependency,
        &[
            "connect ETIMEDOUT",
            "dial tcp *i/o timeout",
            "connection timed out",
            "timeout expired",
            "Can't connect to MySQL server on *110",
            "Can't connect to MySQL server on *timed out",
            "Can't reach database server",
            "Communications link failure",
            "ServerSelectionTimeoutError",
            "MongoServerSelectionError",
            "ConnectTimeoutError",
            "Timeout connecting to server",
            "ConnectTimeout",
            "No route to host",
            "EHOSTUNREACH",
            "Network is unreachable",
        ],
        "a host does not answer: the network drops what is sent there",
        "let the security group of that host receive its port (5432, 3306, 6379, 443) from the security group of the service, \
         and see that its subnets have a route there",
    ),
    row(
        Dependency,
        &["ECONNREFUSED", "connection refused", "Errno 111", "Connection refused"],
        "nothing listens at that host and port",
        "start what {container} connects to, or correct host and port: `localhost` is the task itself; a container of the same \
         task needs `dependsOn`",
    ),
    // Certificates.
    row(
        Dependency,
        &[
            "certificate verify failed",
            "CERTIFICATE_VERIFY_FAILED",
            "certificate has expired",
            "CERT_HAS_EXPIRED",
            "certificate signed by unknown authority",
            "unable to get local issuer certificate",
            "self-signed certificate",
            "self signed certificate",
            "unable to verify the first certificate",
            "PKIX path building failed",
            "tls: failed to verify",
            "SSLHandshakeException",
            "invalid peer certificate",
        ],
        "a certificate is not trusted",
        "add the authority's certificates to the image: `ca-certificates`, and for Amazon RDS its bundle",
    ),
    // AWS.
    row(
        Permission,
        &["is not authorized to perform:", "AccessDeniedException", "(AccessDenied) when calling", "AccessDenied: "],
        "AWS refuses what the program asks for",
        "allow the action to {task-role}: the program has its rights, not those of the execution role",
    ),
    row(
        Permission,
        &[
            "Unable to locate credentials",
            "Could not load credentials from any providers",
            "NoCredentialProviders",
            "no EC2 IMDS role found",
            "Unable to load credentials",
            "NoCredentialsError",
            "CredentialsProviderError",
        ],
        "the program has no credentials for AWS",
        "set `taskRoleArn` in the task definition",
    ),
    row(
        Environment,
        &[
            "You must specify a region",
            "Region is missing",
            "Missing region in config",
            "NoRegionError",
            "Unable to find a region",
            "MissingRegion",
        ],
        "the program does not know its region",
        "set `AWS_REGION` in `environment` of {container}",
    ),
];
