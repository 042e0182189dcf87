-- One of everything, and a machine that nobody offers any more.
insert into codespace_settings (user_id, default_editor, default_machine, updated_at) values (1001, 'jetbrains', null, 0),
    (1002, null, 'quantumLinux', 253402300799999);
