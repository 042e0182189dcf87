-- Of a user with and one without codespaces; a URL with everything that a URL may have.
insert into codespace_dotfiles (user_id, repository, updated_at) values (1001, 'https://git.example.test:8443/~ada/dot%20files.git?x=''y''#z', 0),
    (1002, 'http://[::1]/d', 253402300799999);
