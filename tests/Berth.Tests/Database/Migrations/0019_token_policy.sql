-- An organization that takes only short and narrow tokens.
insert into accounts (id, kind, login, folded, name, email, site_admin, created_at, updated_at) values
    (1701, 'organization', 'Strict', 'strict', null, null, false, 0, 0);
insert into organizations (account_id, token_max_days, unrestricted_tokens_allowed) values (1701, 30, false);
