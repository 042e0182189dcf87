using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Cli;

/// <summary>
/// The login that <c>berth login</c> stores in a file that only its owner may read: <c>$XDG_CONFIG_HOME/berth/login.json</c>.
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
        BerthFolder.Of(terminal).Write("login.json", JsonSerializer.Serialize(this, StoredLoginJson.Default.StoredLogin));
    }

    /// <summary>Returns false when there was none.</summary>
    public static bool Forget(Terminal terminal)
    {
        var path = FileOf(terminal);
        var there = File.Exists(path);
        File.Delete(path);
        return there;
    }

    private static string FileOf(Terminal terminal) => BerthFolder.Of(terminal)["login.json"];
}

[JsonSerializable(typeof(StoredLogin))]
internal sealed partial class StoredLoginJson : JsonSerializerContext;
