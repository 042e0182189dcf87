-- A trust of a repository and one of an organization, a token made by the first, and an ID token that was exchanged.
insert into trusts (id, owner_id, repository_id, provider, issuer, audience, claim, value, repository_claim, ref, environment, event, packages, created_by, created_at) values
    (1001, 1003, 1001, 'github', 'https://token.actions.githubusercontent.com', 'https://berth.example.test/acme', 'repository_id', '42', null, 'refs/tags/v*', 'prod ''1''', null, 'write', 'Ada-L', 0),
    (1002, 1003, null, 'other', 'https://ümlaut.example.test/a/', 'x', 'tenant', '-', 'project', null, null, 'push', 'read', 'gone', 253402300799999);
insert into tokens (id, kind, hash, repository_id, trust_id, packages, run, ref, commit_id, environment, event, created_at, expires_at) values
    (1401, 'workflow', {hash:exchanged}, 1001, 1001, 'write', '7', 'refs/tags/v1', '0123abcd', 'prod ''1''', null, 0, 4102444800000);
insert into used_identities (hash, expires_at) values ({hash:used}, 4102444800000);
