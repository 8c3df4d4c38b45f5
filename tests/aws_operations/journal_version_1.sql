PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN TRANSACTION;
CREATE TABLE change (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    started REAL,
    ended REAL,
    error TEXT,
    error_kind TEXT,
    body TEXT NOT NULL,
    UNIQUE (run, id)
);
INSERT INTO "change" VALUES(4294967297,1,'d4c8e2b26cd1c7250ad160d7','applied',1790000002.0,1790000003.0,NULL,NULL,'{"after":{"tags":{"team":"new"}},"before":{"tags":{"team":"old"}},"effect":"update","iam_actions":["s3:PutBucketTagging"],"kind":"s3.set_tags","payload_ref":null,"precondition":null,"resource":"arn:aws:s3:::bucket-0","reversibility":"reversible","target":{"aws_account":"123456789012","aws_region":"us-east-1"}}');
INSERT INTO "change" VALUES(4294967298,1,'dc3db6f9461576a06edd16ae','started',1790000002.0,NULL,NULL,NULL,'{"after":{"tags":{"team":"new"}},"before":{"tags":{"team":"old"}},"effect":"update","iam_actions":["s3:PutBucketTagging"],"kind":"s3.set_tags","payload_ref":null,"precondition":null,"resource":"arn:aws:s3:::bucket-1","reversibility":"reversible","target":{"aws_account":"123456789012","aws_region":"us-east-1"}}');
INSERT INTO "change" VALUES(4294967299,1,'3ca4c07f502b033b94348daa','planned',NULL,NULL,NULL,NULL,'{"after":{"tags":{"team":"new"}},"before":{"tags":{"team":"old"}},"effect":"update","iam_actions":["s3:PutBucketTagging"],"kind":"s3.set_tags","payload_ref":null,"precondition":null,"resource":"arn:aws:s3:::bucket-2","reversibility":"reversible","target":{"aws_account":"123456789012","aws_region":"us-east-1"}}');
CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    arguments TEXT NOT NULL,
    directory TEXT NOT NULL,
    settings TEXT NOT NULL,
    base_account TEXT,
    is_writing INTEGER NOT NULL,
    has_plan INTEGER NOT NULL DEFAULT 0,
    process_id INTEGER NOT NULL,
    started REAL NOT NULL,
    ended REAL,
    state TEXT,
    reason TEXT,
    counts TEXT
);
INSERT INTO "run" VALUES(1,'20260921-141320-89ec','["s3", "ls"]','/somewhere','{"regions": ["us-east-1"]}','123456789012',1,1,21504,1790000001.0,1790000004.0,'interrupted','interrupted','{"targets_done": 1, "targets_failed": 0, "targets_left": 0, "changes_applied": 1, "changes_failed": 0, "changes_unknown": 1, "changes_left": 1}');
INSERT INTO "run" VALUES(2,'20260921-141325-fae3','["s3", "ls"]','/somewhere','{"regions": ["us-east-1"]}','123456789012',0,0,21504,1790000006.0,1790000007.0,'failed',NULL,'{"targets_done": 1, "targets_failed": 0, "targets_left": 1, "changes_applied": 0, "changes_failed": 0, "changes_unknown": 0, "changes_left": 0}');
CREATE TABLE target (
    number INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    account TEXT,
    profile TEXT,
    status TEXT,
    row_count INTEGER,
    duration REAL,
    error TEXT,
    error_kind TEXT
);
INSERT INTO "target" VALUES(4294967297,'us-east-1','123456789012',NULL,'rows',3,0.5,NULL,NULL);
INSERT INTO "target" VALUES(8589934593,'us-east-1','123456789012',NULL,'rows',3,0.5,NULL,NULL);
INSERT INTO "target" VALUES(8589934594,'eu-west-1','111122223333',NULL,NULL,NULL,NULL,NULL,NULL);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',2);
COMMIT;
PRAGMA user_version = 1;
