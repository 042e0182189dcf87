-- A container belongs to a codespace because the server that made it wrote its id down, not because of what the container says of itself.

create table codespace_containers (
    container_id {key} primary key,     -- the engine's full id
    codespace_id bigint not null references codespaces (id) on delete cascade,
    role text not null                  -- 'dev': people work in it; 'service'; 'users': never runs, shows the image's users
);
create index codespace_containers_codespace on codespace_containers (codespace_id);
insert into codespace_containers (container_id, codespace_id, role)
select container_id, min(id), 'dev' from codespaces where container_id is not null group by container_id;

-- What a start writes on its containers: by it one is known that was made and, since the server ended, not written down. Outlives its codespace for a day,
-- because an engine may finish late.
create table codespace_starts (
    secret {key} primary key,
    codespace {key} not null,           -- its name
    attempt bigint not null,
    host text not null,
    created_at bigint not null,
    unique (codespace, attempt)
);
