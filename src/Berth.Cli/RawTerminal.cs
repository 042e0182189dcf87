using System.Runtime.InteropServices;

namespace Berth.Cli;

/// <summary>
/// Puts the terminal into a mode in which every key goes to the other side: no echo, no lines, no signals from keys. Disposing restores the
/// previous mode (termios(3)).
/// </summary>
internal sealed partial class RawTerminal : IDisposable
{
    /// <summary>More than the <c>struct termios</c> of any C library has.</summary>
    private const int StateBytes = 256;
    private const int Now = 0;
    private readonly byte[]? _before;

    private RawTerminal(byte[]? before) => _before = before;

    /// <summary>Does nothing when standard input is not a terminal.</summary>
    public static RawTerminal Enter()
    {
        var before = new byte[StateBytes];
        if (GetAttributes(0, before) != 0)
        {
            return new RawTerminal(null);
        }

        var raw = (byte[])before.Clone();
        MakeRaw(raw);
        _ = SetAttributes(0, Now, raw);
        return new RawTerminal(before);
    }

    public void Dispose()
    {
        if (_before is not null)
        {
            _ = SetAttributes(0, Now, _before);
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int file, [In, Out] byte[] state);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int file, int when, [In] byte[] state);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw([In, Out] byte[] state);
}
