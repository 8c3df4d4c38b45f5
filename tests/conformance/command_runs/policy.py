from tests.conformance.stage import Stage, fresh, policy, runs


@runs("policy check")
def check(stage: Stage) -> None:
    bucket = fresh("bucket")
    stage.root.get_s3().create_bucket(Bucket=bucket)
    (me,) = stage.rows(words="identity whoami")
    stage.run("--record", "calls.jsonl", bucket, words="s3 ls")
    stage.run("--record", "calls.jsonl", words="ec2 list")
    rows = stage.rows("calls.jsonl")
    assert {(row["action"], row["resource"], row["decision"]) for row in rows} == {
        ("s3:ListBucket", f"arn:aws:s3:::{bucket}", "allowed"),
        ("ec2:DescribeInstances", "*", "allowed"),
    }
    iam, user = stage.root.get_iam(), me["arn"].rpartition("/")[2]
    but_one = {"Effect": "Deny", "Action": "ec2:Describe*", "Resource": "*"}
    iam.put_user_policy(UserName=user, PolicyName="but", PolicyDocument=policy(but_one))
    try:
        done = stage.run("calls.jsonl", exit_code=4)
    finally:
        iam.delete_user_policy(UserName=user, PolicyName="but")
    assert "explicit_deny" in done.stdout
    assert "1 of 2 permissions is missing: ec2:DescribeInstances on *" in done.stderr
    assert "allow ec2:DescribeInstances" in done.stderr
    stage.run("kept", "--plan-out", "plan.json", "--key", "customer:S", words="dynamodb create")
    planned = stage.rows("plan.json")
    assert {row["decision"] for row in planned} == {"allowed"}
    assert {row["action"] for row in planned} >= {"dynamodb:CreateTable", "dynamodb:DescribeTable"}
    assert {row["resource"].partition(":table/")[2] for row in planned} == {"kept"}
