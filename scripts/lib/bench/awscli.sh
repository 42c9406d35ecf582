#!/usr/bin/env bash
# The deploy that people write with the AWS CLI: awscli.sh CLUSTER SERVICE FAMILY IMAGE
# The image is put in with sed, which is the cheapest way there is.
set -euo pipefail

readonly cluster=$1 service=$2 family=$3 image=$4
readonly kept='taskDefinition.{family:family,containerDefinitions:containerDefinitions}'

definition=$(aws ecs describe-task-definition --task-definition "$family" --query "$kept" --output json |
    sed -E "s|\"image\": \"[^\"]*\"|\"image\": \"$image\"|")
arn=$(aws ecs register-task-definition --cli-input-json "$definition" \
    --query taskDefinition.taskDefinitionArn --output text)
aws ecs update-service --cluster "$cluster" --service "$service" --task-definition "$arn" \
    --query service.deployments --output text
aws ecs wait services-stable --cluster "$cluster" --services "$service"
