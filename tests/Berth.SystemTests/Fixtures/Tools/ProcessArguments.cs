using System.Collections.Concurrent;

namespace Berth.SystemTests.Fixtures.Tools;

/// <summary>Reads what can be seen of this machine's processes, again and again until it is told to end.</summary>
internal sealed class ProcessArguments
{
    private readonly ConcurrentDictionary<string, byte> _seen = new(StringComparer.Ordinal);
    private readonly string[] _files;
    private readonly Task _watching;
    private volatile bool _enough;

    private ProcessArguments(string[] files)
    {
        _files = files;
        _watching = Task.Run(WatchAsync);
    }

    /// <param name="files">Files of every process: <c>cmdline</c>, which everybody may read, or <c>environ</c>, which only its user
    /// may.</param>
    public static ProcessArguments Watch(params string[] files) => new(files);

    /// <summary>Waits until the words are seen in some process, which must not end before.</summary>
    public Task SeenAsync(string words) => Patience.UntilAsync(() => Has(words), $"a process is seen with '{words}'");

    public bool Has(string words) => _seen.Keys.Any(text => text.Contains(words, StringComparison.Ordinal));

    /// <summary>Ends the watching and returns everything that was seen.</summary>
    public async Task<string> EndAsync()
    {
        _enough = true;
        await _watching;
        return string.Join('\n', _seen.Keys);
    }

    private async Task WatchAsync()
    {
        while (!_enough)
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
            {
                foreach (var file in _files)
                {
                    try
                    {
                        _seen.TryAdd(await File.ReadAllTextAsync(Path.Combine(folder, file), CancellationToken.None), 0);
                    }
                    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                    {
                        // The process has just ended.
                    }
                }
            }

            // Pause, because nothing else could run on a single processor otherwise.
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }
}
