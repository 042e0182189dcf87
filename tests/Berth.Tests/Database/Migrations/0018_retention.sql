-- A policy of an account and one of a deleted package, with rules that nothing matches; a run that was cut off, and one of a version that is gone.
insert into retention_policies (id, owner_id, package_id, policy, set_by, updated_at) values
    (1501, 1003, null, '{"rules":[]}', 'user:999999', 0),
    (1502, null, 1006, '{"enabled":false,"keep_tags":["*"],"rules":[{"tags":["ü"],"keep_newest":100000}]}', 'workflow:1001', 253402300799999);
insert into retention_runs (id, package_id, cause, actor, started_at, finished_at, removed) values
    (1501, 1001, 'schedule', 'retention', 0, null, 0),
    (1502, 1006, 'ref', 'user:999999', 253402300799999, 0, 1);
insert into retention_removals (run_id, version_id, version, tags, reason) values
    (1502, 999999, 'sha256:' || {repeat:0:64}, '', 'rule 1: ' || {repeat:x:9000});
