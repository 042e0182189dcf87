using System.Text;

namespace Berth.Server.Security;

/// <summary>Writes files that only the server's user may read, durably.</summary>
internal static class PrivateFile
{
    /// <exception cref="IOException">The file exists already.</exception>
    public static void Write(string path, string text)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }
}
