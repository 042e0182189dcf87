-- Logins that a client began and a person confirms on a page (npm login). They live for minutes.

create table login_requests (
    page_hash {blob} not null unique,   -- of the code in the page's address
    done_hash {blob} not null unique,   -- of the other code, for which the client gets the token
    network {key} not null,             -- whose open requests are counted together
    address text not null,              -- where it was asked from
    host text,                          -- what the client says of itself
    program text,
    created_at bigint not null,
    expires_at bigint not null,
    token_id bigint references tokens (id) on delete cascade -- the token that it was confirmed with; null: it waits
);
create index login_requests_network on login_requests (network);
create index login_requests_expires on login_requests (expires_at);
create index login_requests_token on login_requests (token_id);
