from tests.conformance.stage import Stage, fresh, policy, runs


@runs("iam can-i")
def can_i(stage: Stage) -> None:
    iam = stage.root.get_iam()
    name = fresh("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    may_read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}
    may_not = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="what", PolicyDocument=policy(may_read, may_not))
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    rows = stage.rows(*actions, "--resource", "arn:aws:s3:::logs/today", "--as", arn)
    assert {row["action"]: row["decision"] for row in rows} == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicit_deny",
        "s3:DeleteObject": "explicit_deny",
    }
    (elsewhere,) = stage.rows("s3:GetObject", "--resource", "arn:aws:s3:::other/today", "--as", arn)
    assert elsewhere["decision"] == "implicit_deny"
    (own,) = stage.rows("ec2:StopInstances")
    assert own["decision"] == "allowed"
