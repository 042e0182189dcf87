-- Actors of every sort: a person by an address of IPv6, a workflow whose issuer vouched for everything, and nobody.
insert into package_events (id, at, kind, package_id, owner_id, owner, type, name, actor, actor_name, token_id, address, request_id, run, ref, commit_id, environment, repository_id) values
    (1103, 1, 'created', 1001, 1003, 'Acme', 'container', 'app/web', 'user:1001', 'Ada-L', 999999, 'fe80::1%eth0', '0000000000ff', null, null, null, null, null),
    (1104, 1, 'created', 1001, 1003, 'Acme', 'container', 'app/web', 'workflow:1001', 'Acme/App.js', null, null, null, '99/1', 'refs/heads/ümlaut', {repeat:0:40}, 'prod & test', 1001),
    (1105, 1, 'created', 1001, 1003, 'Acme', 'container', 'app/web', 'collector', null, null, null, null, null, null, null, null, 999999);
