-- A rule of an account that lets nobody, one of a deleted package that matches nothing, entries of everything, and a tag of a package that is gone.
insert into push_rules (id, owner_id, package_id, pattern, immutable, restricted, created_by, created_at) values
    (1501, 1003, null, '*', true, true, 'nobody', 0),
    (1502, null, 1006, 'ü', false, true, '', 253402300799999);
insert into push_rule_allowances (id, rule_id, role, team_id, repository_id, ref, environment) values
    (1501, 1502, 'owner', null, null, 'main', ''),
    (1502, 1502, null, null, null, null, {repeat:x:9000});
insert into spent_tags (package_id, name, version, spent_at) values (1006, {repeat:t:128}, '', 0);
