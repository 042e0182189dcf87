namespace Berth.Cli;

/// <summary>What this program keeps for its user, for nobody else to read: <c>$XDG_CONFIG_HOME/berth</c>.</summary>
internal sealed class BerthFolder(string path)
{
    private const UnixFileMode OwnFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static BerthFolder Of(Terminal terminal) => new(Path.Combine(
        terminal.Environment("XDG_CONFIG_HOME") is { Length: > 0 } config
            ? config
            : Path.Combine(terminal.Environment("HOME") ?? "/", ".config"),
        "berth"));

    public string this[string name] => Path.Combine(path, name);

    /// <summary>Writes a file anew.</summary>
    public void Write(string name, string text)
    {
        var file = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!, OwnFolder);

        // A fresh file with its mode from the start, then renamed: what is secret is never in a file that others may read.
        var fresh = $"{file}.{Environment.ProcessId}";
        using (var writer = new StreamWriter(fresh, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            writer.Write(text);
        }

        File.Move(fresh, file, overwrite: true);
    }
}
