namespace Berth.Cli;

/// <summary>The files that this program keeps for its user, which nobody else may read: <c>$XDG_CONFIG_HOME/berth</c>.</summary>
internal sealed class BerthFolder(string path)
{
    private const UnixFileMode OwnFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static BerthFolder Of(Terminal terminal) => new(Path.Combine(
        terminal.Environment("XDG_CONFIG_HOME") is { Length: > 0 } config
            ? config
            : Path.Combine(terminal.Environment("HOME") ?? "/", ".config"),
        "berth"));

    public string this[string name] => Path.Combine(path, name);

    /// <summary>Replaces a file.</summary>
    public void Write(string name, string text)
    {
        var file = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!, OwnFolder);

        // Write a new file that has the right mode from the start, and rename it, so that a secret is never in a file that others may read.
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
