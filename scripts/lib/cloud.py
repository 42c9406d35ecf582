"""What CloudShop has in its cloud account, made in the local one.

`foundation` makes what exists before any release (clusters, repositories, load balancers, roles),
`services` what runs; both create only what is missing and do not change what is there. The names are
those of examples/cloudshop/shipgate.toml.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
PREFIXES = {"stage": "stage", "production": "prod"}
BOOTSTRAP = "bootstrap"
TIMEOUT = 60.0

TASKS_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
# What an execution role is for: fetching the image and writing the log.
START_TASKS = {
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Action": [
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        "Resource": "*",
    }],
}


@dataclass(frozen=True)
class Service:
    """One ECS service of one environment."""

    prefix: str
    component: str
    container: str
    command: tuple[str, ...]
    port: int | None

    @property
    def cluster(self):
        return f"{self.prefix}-cluster"

    @property
    def name(self):
        return f"{self.prefix}-{self.component}-blue"

    @property
    def log_group(self):
        return f"/ecs/{self.name}"


def services_of(prefix):
    return [
        Service(prefix, "backend", container="web", command=(), port=8000),
        Service(prefix, "worker", container="worker", command=("worker",), port=None),
    ]


def all_services():
    return [service for prefix in PREFIXES.values() for service in services_of(prefix)]


def repository_of(prefix):
    return f"{prefix}-cloudshop-backend"


def website_of(prefix):
    return f"{prefix}-cloudshop-frontend"


def store_of(prefix):
    return f"{prefix}-cloudshop-releases"


def address_of_website(prefix):
    return f"http://{website_of(prefix)}.s3-website-{REGION}.amazonaws.com"


def balancer_of(prefix):
    return f"{prefix}-alb"


def target_group_of(prefix):
    return f"{prefix}-backend"


def role_of(prefix, purpose):
    return f"{prefix}-cloudshop-{purpose}"


class Cloud:
    def __init__(self, endpoint):
        self.endpoint = endpoint
        # A busy machine is no reason to send a request twice.
        config = Config(read_timeout=60, retries={"total_max_attempts": 1})

        def client(name):
            return boto3.client(
                name,
                endpoint_url=endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=config,
            )

        self.iam = client("iam")
        self.ecr = client("ecr")
        self.ecs = client("ecs")
        self.ec2 = client("ec2")
        self.logs = client("logs")
        self.s3 = client("s3")
        self.elb = client("elbv2")

    def registry(self):
        return self.endpoint.removeprefix("http://")

    def network(self):
        """The account's default network: its id and subnets."""
        network = self.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        subnets = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network]}])["Subnets"]
        return network, sorted(subnet["SubnetId"] for subnet in subnets)


def found(call, *missing):
    """The answer of `call`, or None when it fails with one of the error codes `missing`."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in missing:
            return None
        raise


def say(text):
    print(text, file=sys.stderr, flush=True)


# --- what is there before any release --------------------------------------------------------------


def make_foundation(cloud):
    for prefix in PREFIXES.values():
        ensure_roles(cloud, prefix)
        ensure_cluster(cloud, f"{prefix}-cluster")
        ensure_repository(cloud, repository_of(prefix))
        ensure_balancer(cloud, prefix)
        ensure_website(cloud, website_of(prefix))
        ensure_bucket(cloud, store_of(prefix))
    for service in all_services():
        ensure_log_group(cloud, service.log_group)


def ensure_roles(cloud, prefix):
    ensure_role(cloud, role_of(prefix, "task"))
    ensure_role(cloud, role_of(prefix, "execution"), START_TASKS)


def ensure_role(cloud, name, policy=None):
    if found(lambda: cloud.iam.get_role(RoleName=name), "NoSuchEntity") is not None:
        return
    say(f"creating role {name}")
    cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TASKS_MAY_ASSUME))
    if policy:
        cloud.iam.put_role_policy(RoleName=name, PolicyName="start-tasks", PolicyDocument=json.dumps(policy))


def ensure_cluster(cloud, name):
    clusters = cloud.ecs.describe_clusters(clusters=[name])["clusters"]
    if not any(cluster["status"] == "ACTIVE" for cluster in clusters):
        say(f"creating cluster {name}")
        cloud.ecs.create_cluster(clusterName=name)


def ensure_repository(cloud, name):
    call = lambda: cloud.ecr.describe_repositories(repositoryNames=[name])
    if found(call, "RepositoryNotFoundException") is None:
        say(f"creating repository {name}")
        cloud.ecr.create_repository(repositoryName=name)


def ensure_bucket(cloud, name):
    if found(lambda: cloud.s3.head_bucket(Bucket=name), "404", "NoSuchBucket") is None:
        say(f"creating bucket {name}")
        cloud.s3.create_bucket(Bucket=name)


def ensure_website(cloud, name):
    """A bucket that everyone may read, and that is a website."""
    ensure_bucket(cloud, name)
    document = {"Suffix": "index.html"}
    cloud.s3.put_bucket_website(
        Bucket=name, WebsiteConfiguration={"IndexDocument": document, "ErrorDocument": {"Key": "index.html"}}
    )
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    cloud.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    resource = f"arn:aws:s3:::{name}/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def ensure_log_group(cloud, name):
    groups = cloud.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if not any(group["logGroupName"] == name for group in groups):
        say(f"creating log group {name}")
        cloud.logs.create_log_group(logGroupName=name)


def ensure_balancer(cloud, prefix):
    network, subnets = cloud.network()
    group = ensure_target_group(cloud, target_group_of(prefix), network)
    name = balancer_of(prefix)
    answer = found(lambda: cloud.elb.describe_load_balancers(Names=[name]), "LoadBalancerNotFound")
    if not answer or not answer["LoadBalancers"]:
        say(f"creating load balancer {name}")
        answer = cloud.elb.create_load_balancer(Name=name, Subnets=subnets, Scheme="internet-facing", Type="application")
    balancer = answer["LoadBalancers"][0]["LoadBalancerArn"]
    if not cloud.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
        cloud.elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )


def ensure_target_group(cloud, name, network):
    answer = found(lambda: cloud.elb.describe_target_groups(Names=[name]), "TargetGroupNotFound")
    if not answer or not answer["TargetGroups"]:
        say(f"creating target group {name}")
        answer = cloud.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=8000, VpcId=network, TargetType="ip", HealthCheckPath="/health"
        )
    return answer["TargetGroups"][0]["TargetGroupArn"]


def missing_images(cloud):
    """The repositories that do not have the image the services start with."""
    for prefix in PREFIXES.values():
        name = repository_of(prefix)
        images = cloud.ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": BOOTSTRAP}])["images"]
        if not images:
            print(name)


# --- what runs --------------------------------------------------------------------------------------


def start_services(cloud):
    created = set()
    for service in all_services():
        if describe(cloud, service) is None:
            say(f"creating service {service.name}")
            create_service(cloud, service, register_definition(cloud, service))
            created.add(service)
    for service in all_services():
        wait_until_it_runs(cloud, service)
    for environment, prefix in PREFIXES.items():
        backend = services_of(prefix)[0]
        if describe(cloud, backend)["desiredCount"] > 0:
            wait_until_it_answers(cloud, environment, BOOTSTRAP if backend in created else None)


def describe(cloud, service):
    answer = cloud.ecs.describe_services(cluster=service.cluster, services=[service.name])
    active = [found for found in answer["services"] if found["status"] == "ACTIVE"]
    return active[0] if active else None


def register_definition(cloud, service):
    roles = {purpose: cloud.iam.get_role(RoleName=role_of(service.prefix, purpose))["Role"]["Arn"]
             for purpose in ("task", "execution")}
    container = {
        "name": service.container,
        "image": f"{cloud.registry()}/{repository_of(service.prefix)}:{BOOTSTRAP}",
        "essential": True,
        # Not known to the tool that deploys: a deployment has to keep them.
        "environment": [
            {"name": "SHOP_NAME", "value": f"CloudShop ({service.prefix})"},
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "CORS_ORIGINS", "value": address_of_website(service.prefix)},
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": service.log_group,
                "awslogs-region": REGION,
                "awslogs-stream-prefix": "ecs",
            },
        },
    }
    if service.command:
        container["command"] = list(service.command)
    if service.port:
        container["portMappings"] = [{"containerPort": service.port, "protocol": "tcp"}]
    answer = cloud.ecs.register_task_definition(
        family=f"{service.prefix}-{service.component}",
        taskRoleArn=roles["task"],
        executionRoleArn=roles["execution"],
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


def create_service(cloud, service, definition):
    _, subnets = cloud.network()
    balancers = []
    if service.port:
        groups = cloud.elb.describe_target_groups(Names=[target_group_of(service.prefix)])["TargetGroups"]
        balancers = [{
            "targetGroupArn": groups[0]["TargetGroupArn"],
            "containerName": service.container,
            "containerPort": service.port,
        }]
    cloud.ecs.create_service(
        cluster=service.cluster,
        serviceName=service.name,
        taskDefinition=definition,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "assignPublicIp": "ENABLED"}},
        loadBalancers=balancers,
        deploymentConfiguration={
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    )


def wait_until_it_runs(cloud, service):
    deadline = time.monotonic() + TIMEOUT
    while True:
        state = describe(cloud, service)
        if state["runningCount"] >= state["desiredCount"]:
            return
        if time.monotonic() > deadline:
            raise SystemExit(
                f"error: {service.name} runs {state['runningCount']} of {state['desiredCount']} tasks"
                f"{why_tasks_stopped(cloud, service)}\nhint: `scripts/stack down` and `up` begin anew"
            )
        time.sleep(0.2)


def why_tasks_stopped(cloud, service):
    tasks = cloud.ecs.list_tasks(cluster=service.cluster, serviceName=service.name, desiredStatus="STOPPED")["taskArns"]
    if not tasks:
        return ""
    described = cloud.ecs.describe_tasks(cluster=service.cluster, tasks=tasks[-1:])["tasks"]
    return "".join(f"\n  a task stopped: {task.get('stoppedReason')}" for task in described)


def wait_until_it_answers(cloud, environment, release):
    """Through the load balancer; a bare /health would be answered by the emulator itself."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        status, health = ask(cloud, PREFIXES[environment])
        if status == 200 and release in (None, health.get("release")):
            say(f"{environment} answers: release {health.get('release')}")
            return
        if time.monotonic() > deadline:
            raise SystemExit(
                f"error: {health_url(cloud, PREFIXES[environment])} answers {status} {health}"
                f"{f', not release {release}' if release else ''}\nhint: `scripts/stack down` and `up` begin anew"
            )
        time.sleep(0.2)


def health_url(cloud, prefix):
    return f"{cloud.endpoint}/_alb/{balancer_of(prefix)}/health"


def ask(cloud, prefix):
    """Status and JSON of the shop's health; status 0 when there is no answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(health_url(cloud, prefix), timeout=5) as response:
            return response.status, as_object(response.read())
    except urllib.error.HTTPError as error:
        return error.code, as_object(error.read())
    except OSError as error:
        return 0, {"error": str(error)}


def as_object(body):
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"body": body.decode(errors="replace")}


# --- who may change it ------------------------------------------------------------------------------

PROVIDER = "https://token.actions.githubusercontent.com"
# The emulator asks for these two on `*`, whatever is tagged; AWS asks for them on what is tagged, as the policies of
# shipgate have it. What those allow without this is asked of SimulateCustomPolicy by the tests.
FOR_THE_EMULATOR = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["ecs:TagResource", "ecs:UntagResource"], "Resource": "*"}],
}


def make_roles(cloud, arguments):
    """The roles of shipgate.toml, with the documents that shipgate writes for them."""
    providers = cloud.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if not any(provider["Arn"].endswith(PROVIDER.removeprefix("https://")) for provider in providers):
        cloud.iam.create_open_id_connect_provider(Url=PROVIDER, ClientIDList=["sts.amazonaws.com"])
    for environment, prefix in PREFIXES.items():
        for name, more in ((role_of(prefix, "shipgate"), []), (role_of(prefix, "shipgate-read"), ["--read-role"])):
            # The fake's tokens have no ids, and the emulator denies what asks for more than `sub` and `aud`.
            form = ["--repository", arguments.repository, "--subject-form", "classic", "--keys", "sub"]
            trust = document(cloud, arguments, "trust", environment, *form, *more)
            policy = document(cloud, arguments, "policy", environment, *more)
            put_role(cloud, name, trust, policy)
            if not more:
                emulator = json.dumps(FOR_THE_EMULATOR)
                cloud.iam.put_role_policy(RoleName=name, PolicyName="emulator", PolicyDocument=emulator)


def document(cloud, arguments, *command):
    """What shipgate prints, to the root of the account."""
    variables = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "SHIPGATE_VARS": json.dumps({"STAGE_URL": cloud.endpoint, "PRODUCTION_URL": cloud.endpoint}),
    }
    line = [arguments.binary, "--config", arguments.config, "iam", *command]
    ran = subprocess.run(line, env=variables, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"error: {' '.join(line)} ended with {ran.returncode}")
    return ran.stdout


def put_role(cloud, name, trust, policy):
    if found(lambda: cloud.iam.get_role(RoleName=name), "NoSuchEntity") is None:
        say(f"creating role {name}")
        cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    else:
        cloud.iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    cloud.iam.put_role_policy(RoleName=name, PolicyName="shipgate", PolicyDocument=policy)


# --- what is said about it --------------------------------------------------------------------------


def print_status(cloud):
    healthy = True
    for service in all_services():
        state = found(lambda: describe(cloud, service), "ClusterNotFoundException")
        fine = state is not None and state["runningCount"] >= state["desiredCount"]
        counts = "missing" if state is None else f"{state['runningCount']}/{state['desiredCount']} running"
        print_part(service.name, fine, counts)
        healthy = healthy and fine
    for environment, prefix in PREFIXES.items():
        status, health = ask(cloud, prefix)
        fine = status == 200
        answer = f"release {health.get('release')}" if fine else f"answers {status} {health}"
        print_part(environment, fine, f"{answer}, {health_url(cloud, prefix)}")
        healthy = healthy and fine
    if not healthy:
        raise SystemExit(1)


def print_part(name, fine, text):
    print(f"{name:<22} {'up' if fine else 'down':<5} {text}")


COMMANDS = {
    "foundation": make_foundation,
    "missing-images": missing_images,
    "services": start_services,
    "roles": make_roles,
    "status": print_status,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="where the emulator answers")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--binary", help="for `roles`: the shipgate that writes their documents")
    parser.add_argument("--config", help="for `roles`: its configuration")
    parser.add_argument("--repository", help="for `roles`: the repository of GitHub whose jobs are let in")
    arguments = parser.parse_args()
    # A reader of only the first lines of a status is not an error.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        command, cloud = COMMANDS[arguments.command], Cloud(arguments.endpoint)
        if command is make_roles:
            command(cloud, arguments)
        else:
            command(cloud)
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"error: {arguments.command}: {error}") from error


if __name__ == "__main__":
    main()
