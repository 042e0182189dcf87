-- Whose dotfiles come into new containers of their codespaces.

create table codespace_dotfiles (
    user_id bigint primary key references accounts (id) on delete cascade,
    repository text not null,           -- an http or https URL
    updated_at bigint not null
);
