namespace Berth.Server.Codespaces.Environment;

/// <summary>The person's own login for git inside. It is used for this URL and no other.</summary>
/// <param name="Url">The clone URL, over http or https.</param>
internal sealed record GitLogin(string Url, string UserName, string Password);

/// <summary>The author of commits in a codespace, unless the person's own configuration names one.</summary>
internal sealed record GitAuthor(string Name, string Email)
{
    /// <param name="host">The server's host. It completes the made-up address when the person has given none.</param>
    public static GitAuthor Of(string login, string? name, string? email, string host) => new(
        string.IsNullOrWhiteSpace(name) ? login : name,
        string.IsNullOrWhiteSpace(email) ? $"{login}@users.noreply.{host}" : email);
}

/// <summary>
/// Git's configuration in a codespace: a few files in memory, which the person's own <c>~/.gitconfig</c> includes. No repository's
/// configuration names them.
/// </summary>
/// <param name="author">Null: no author is named.</param>
/// <param name="signingKey">An SSH private key. Null: git does not sign.</param>
internal sealed class GitInside(GitAuthor? author, IReadOnlyList<GitLogin> logins, string? signingKey = null)
{
    public const string Folder = EnvironmentVariables.Folder + "/git";

    /// <summary>
    /// Answers git's question for a login (git-credential(1)) if scheme, host, port and path are those of a login. Git LFS asks for a path
    /// of its own below it. The argument is the operation that git wants. The logins lie beside this file, one part a line.
    /// </summary>
    public const string Helper = """
        [ "$1" = get ] || exit 0
        protocol= host= path= username=
        while IFS= read -r line && [ -n "$line" ]; do
          case $line in
            protocol=*) protocol=${line#*=} ;;
            host=*) host=${line#*=} ;;
            path=*) path=${line#*=} ;;
            username=*) username=${line#*=} ;;
          esac
        done
        while IFS= read -r own_protocol && IFS= read -r own_host && IFS= read -r own_path &&
          IFS= read -r own_username && IFS= read -r own_password; do
          [ "$protocol" = "$own_protocol" ] && [ "$host" = "$own_host" ] || continue
          [ "$path" = "$own_path" ] || [ "$path" = "$own_path/info/lfs" ] || continue
          [ -z "$username" ] || [ "$username" = "$own_username" ] || continue
          printf 'username=%s\npassword=%s\n' "$own_username" "$own_password"
          break
        done <"${0%/*}/login"
        exit 0
        """;

    /// <summary>
    /// Makes the person's own configuration include Berth's. Environment variables would not do: they reach neither the children of the
    /// main process nor git before 2.31. Berth's is included first, because git takes the later of two values, and the person's is to win.
    /// If the file is a link, the person keeps it elsewhere, so git's other file of the same rank gets the line.
    /// </summary>
    public const string Include = """
        if [ -n "$HOME" ]; then
          file=$HOME/.gitconfig known=
          if [ -L "$file" ]; then
            file=$HOME/.config/git/config
            mkdir -p "$HOME/.config/git" 2>/dev/null
          fi
          while IFS= read -r line || [ -n "$line" ]; do
            case $line in *path*=*/run/berth/git/config*) known=1 ;; esac
          done 2>/dev/null <"$file"
          [ -n "$known" ] || {
            printf '[include]\n\tpath = /run/berth/git/config\n' &&
              { [ ! -e "$file" ] || while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$file"; }
          } 2>/dev/null >"$file.berth" && mv -f "$file.berth" "$file"
        fi
        """;

    /// <summary>Makes git trust every folder: all of them in a codespace are its person's, whoever owns the files.</summary>
    private const string Safe = "[safe]\n\tdirectory = *\n";

    /// <summary>The files' names and contents, in the order in which they are written.</summary>
    public IReadOnlyList<(string Name, string Content)> Files =>
    [
        ("helper", Helper),
        ("login", string.Join('\n', logins.SelectMany(login => (string[])[.. Parts(login.Url), login.UserName, login.Password]))),
        ("config", Safe + User() + Signing() + string.Concat(logins.Select(login => Section(login.Url)))),
        ("signing", signingKey is null ? "" : GitSigning.Configuration),
        ("signing-key", signingKey ?? ""),
    ];

    private string User() => author is null ? "" : $"[user]\n\tname = {Quoted(author.Name)}\n\temail = {Quoted(author.Email)}\n";

    private string Signing() => signingKey is null ? "" : $"[include]\n\tpath = {Folder}/signing\n";

    /// <summary>A value of git-config(1), on one line.</summary>
    private static string Quoted(string text) =>
        $"\"{string.Concat(text.Where(c => !char.IsControl(c)).Select(c => c is '"' or '\\' ? $"\\{c}" : c.ToString()))}\"";

    /// <summary>The section names the path, or git would use the login for every repository of the server (gitcredentials(7)).</summary>
    private static string Section(string url) =>
        $"[credential \"{url.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"]\n"
            + $"\tuseHttpPath = true\n\thelper = \"!/bin/sh {Folder}/helper\"\n";

    /// <summary>Splits a URL into scheme, host with port, and path, as git does (credential_from_url of credential.c).</summary>
    private static string[] Parts(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        var rest = url[(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0
            ? [url[..scheme], rest, ""]
            : [url[..scheme], Uri.UnescapeDataString(rest[..slash]), Uri.UnescapeDataString(rest[slash..]).Trim('/')];
    }
}
