using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Cli;

/// <summary>
/// The login that <c>berth login</c> keeps, in a file that only its owner reads: <c>$XDG_CONFIG_HOME/berth/login.json</c>.
/// </summary>
internal sealed record StoredLogin(string Url, string Login, string Token)
{
    public static StoredLogin? Load(Terminal terminal)
    {
        var path = FileOf(terminal);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), StoredLoginJson.Default.StoredLogin);
        }
        catch (JsonException)
        {
            throw new CommandException(ExitCodes.NotSignedIn, $"{path} is damaged; sign in again: berth login");
        }
    }

    public void Save(Terminal terminal)
    {
        var path = FileOf(terminal);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // A fresh file with its mode from the start, then renamed: the token is never in a file that others may read.
        var fresh = $"{path}.{Environment.ProcessId}";
        using (var stream = new FileStream(fresh, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            JsonSerializer.Serialize(stream, this, StoredLoginJson.Default.StoredLogin);
        }

        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>False when there was none.</summary>
    public static bool Forget(Terminal terminal)
    {
        var path = FileOf(terminal);
        var there = File.Exists(path);
        File.Delete(path);
        return there;
    }

    private static string FileOf(Terminal terminal)
    {
        var folder = terminal.Environment("XDG_CONFIG_HOME") is { Length: > 0 } config
            ? config
            : Path.Combine(terminal.Environment("HOME") ?? "/", ".config");
        return Path.Combine(folder, "berth", "login.json");
    }
}

[JsonSerializable(typeof(StoredLogin))]
internal sealed partial class StoredLoginJson : JsonSerializerContext;
