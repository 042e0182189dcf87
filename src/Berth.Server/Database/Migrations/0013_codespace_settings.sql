-- What a person's codespaces are made with and opened in, where nothing else is said.

create table codespace_settings (
    user_id bigint primary key references accounts (id) on delete cascade,
    default_editor text,                -- 'vscode' | 'jetbrains' | 'ssh'; null: the client's own choice
    default_machine text,               -- the name of a machine type, which this host may no longer offer; null: the smallest
    updated_at bigint not null
);
