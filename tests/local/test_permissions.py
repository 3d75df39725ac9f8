"""Every function runs under its own role, and MiniStack enforces the template's permissions."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.stack import Driver


def session_of(driver: Driver, logical_id: str) -> boto3.Session:
    role = driver.stack.deployment.functions[logical_id].role_arn
    answer = driver.stack.ministack.client("sts").assume_role(RoleArn=role, RoleSessionName="test")[
        "Credentials"
    ]
    return boto3.Session(
        answer["AccessKeyId"],
        answer["SecretAccessKey"],
        answer["SessionToken"],
        region_name="us-east-1",
    )


def test_allowed_is_allowed_and_the_rest_is_refused(driver: Driver) -> None:
    session = session_of(driver, "CallsFunction")
    table = driver.stack.connection.table_name
    dynamodb = session.client("dynamodb", endpoint_url=driver.stack.ministack.url)
    dynamodb.query(
        TableName=table,
        KeyConditionExpression="call_id = :id",
        ExpressionAttributeValues={":id": {"S": "x"}},
    )
    key = {"call_id": {"S": "x"}, "item": {"S": "CALL"}}
    with pytest.raises(ClientError, match="not authorized"):
        # DeleteItem it has, for the partitions of shares; MiniStack does not know dynamodb:LeadingKeys
        dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}}]})
    with pytest.raises(ClientError, match="not authorized"):
        dynamodb.scan(TableName=table)
    dynamodb.close()


def test_secret_of_another_function_cannot_be_read(driver: Driver) -> None:
    session = session_of(driver, "RecordingCompleteFunction")
    client = session.client("ssm", endpoint_url=driver.stack.ministack.url)
    outputs = driver.stack.deployment.outputs
    client.get_parameter(Name=outputs["TwilioAuthTokenParameterName"], WithDecryption=True)
    for output in ("TwilioApiKeyParameterName", "AssemblyAIApiKeyParameterName"):
        with pytest.raises(ClientError, match="not authorized"):
            client.get_parameter(Name=outputs[output], WithDecryption=True)
    client.close()
