using System.Buffers.Text;
using System.Security.Cryptography;
using Berth.Server.Cryptography;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces;

/// <summary>
/// The name of this host in codespace rows and container labels. It is stored in the data folder, beside the workspaces that the host
/// owns, so it stays the same when the machine is renamed.
/// </summary>
internal sealed class CodespaceHost(DataOptions options)
{
    private readonly Lazy<string> _name = new(() => Read(Path.Combine(options.DataPath, "codespaces-host")));

    public string Name => _name.Value;

    public CodespaceFolders Folders(Codespace codespace) => Folders(codespace.Name);

    public CodespaceFolders Folders(string name) => new(options.DataPath, name);

    private static string Read(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(12)) + "\n");
        }

        return File.ReadAllText(path).Trim();
    }
}
