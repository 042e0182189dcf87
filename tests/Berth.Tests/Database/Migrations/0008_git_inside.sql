-- An organization that keeps credentials out.
update organizations set git_credentials_inside = false where account_id = (select min(account_id) from organizations);
