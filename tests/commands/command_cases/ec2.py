CASES: dict[str, list[str]] = {
    "ec2 list": ["--tag", "role=web", "--vpc", "main"],
    "ec2 show": ["web-1"],
    "ec2 start": ["batch-1"],
    "ec2 stop": ["web-1"],
    "ec2 reboot": ["web-1"],
    "ec2 terminate": ["batch-1"],
    "ec2 wait": ["web-1"],
    "ec2 tags": ["web-1", "main"],
    "ec2 tag": ["web-1", "stage=another"],
    "ec2 vpcs": ["main"],
    "ec2 subnets": ["--vpc", "main"],
    "ec2 enis": ["--instance", "web-1"],
    "ec2 volumes": ["--instance", "web-1"],
    "ec2 security-groups": ["--rules"],
    "ec2 azs": [],
    "ec2 regions": ["--all"],
}
TAKE_AWAY = ["ec2 terminate", "ec2 tag"]
