namespace Berth.ClientTests.Tools;

/// <summary>What every user of this machine can see of its processes.</summary>
internal static class ProcessArguments
{
    /// <summary>The arguments of all processes, again and again until it is enough.</summary>
    public static Task<string> WatchAsync(CancellationToken enough) => Task.Run(
        async () =>
        {
            HashSet<string> all = new(StringComparer.Ordinal);
            while (!enough.IsCancellationRequested)
            {
                foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
                {
                    try
                    {
                        all.Add(await File.ReadAllTextAsync(Path.Combine(folder, "cmdline"), CancellationToken.None));
                    }
                    catch (IOException)
                    {
                        // It has just ended.
                    }
                }

                // Those that the tools start live longer than that.
                await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            }

            return string.Join('\n', all);
        },
        CancellationToken.None);
}
