using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces.Builds;

/// <content>Counts how much a build has written.</content>
internal sealed partial class BuildWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>How often to ask for the room on the engine's disk, which the kernel answers at once.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private const long Drop = 256L << 20;
    private const long DropOfFiles = 20_000;
    private readonly ConcurrentDictionary<string, Written> _written = new(StringComparer.Ordinal);
    private readonly Channel<(string Image, bool IsBase)> _images = Channel.CreateUnbounded<(string Image, bool IsBase)>();
    private bool _isBase;

    /// <summary>What the container of one command has written.</summary>
    private sealed record Written(EngineContainer Container, long Bytes, long Files);

    /// <summary>A line of the engine's about the build: it names the image after each instruction.</summary>
    public void Said(string line)
    {
        if (line.StartsWith("Step ", StringComparison.Ordinal))
        {
            _isBase = line.Contains(" : FROM ", StringComparison.OrdinalIgnoreCase);
        }
        else if (Layer().Match(line) is { Success: true } match)
        {
            _images.Writer.TryWrite((match.Groups["id"].Value, _isBase));
        }
    }

    private async Task MeasureAsync()
    {
        try
        {
            for (var (counted, before) = (_time.GetTimestamp(), await _disk.RoomAsync(_ended.Token)); ;)
            {
                await Task.Delay(Look, _time, _ended.Token);
                var now = await _disk.RoomAsync(_ended.Token);
                if (now is { IsNearlyFull: true })
                {
                    await EndAsync("the engine's disk is nearly full");
                    return;
                }

                if (_time.GetElapsedTime(counted) >= Interval
                    || (before is { } room && now is { } left && room.Lost(left) is { Bytes: >= Drop } or { Files: >= DropOfFiles }))
                {
                    if (await CountAsync())
                    {
                        return;
                    }

                    (counted, before) = (_time.GetTimestamp(), now);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or EngineException)
        {
            // Either the build has ended, or the engine does not answer, which the build itself reports.
        }
    }

    /// <returns>True when the build has written too much.</returns>
    private async Task<bool> CountAsync()
    {
        var files = WrittenFiles.MostFor(_bytes);
        foreach (var (id, known) in _written)
        {
            // A container that is gone keeps its last count.
            if (await _engine.WrittenAsync(id, _ended.Token) is { } bytes)
            {
                var parts = known.Container.VolumeFolders.Select(folder => WrittenFiles.Count(folder, files, _ended.Token)).ToList();
                var own = known.Container.Layer is { } layer
                    ? WrittenFiles.Count(Path.Combine(layer, "diff"), files, _ended.Token).Files
                    : 0;
                _written[id] = known with
                {
                    Bytes = bytes + parts.Sum(part => part.Bytes),
                    Files = own + parts.Sum(part => part.Files),
                };
            }
        }

        return _written.Values.Sum(written => written.Bytes) > _bytes ? await EndAsync(Words("written"))
            : _written.Values.Sum(written => written.Files) > files && await EndAsync($"it has made more than {files:N0} files");
    }

    /// <summary>
    /// Adds what the stages' layers hold beyond their base images. This also counts copies, which have no container to be counted in.
    /// </summary>
    private async Task AddLayersAsync()
    {
        try
        {
            var (all, last) = (0L, 0L);
            await foreach (var (id, isBase) in _images.Reader.ReadAllAsync(_ended.Token))
            {
                if (await _engine.ImageAsync(id, _ended.Token) is { } image)
                {
                    all += isBase ? 0 : Math.Max(0, image.Bytes - last);
                    last = image.Bytes;
                    if (all > _bytes)
                    {
                        await EndAsync(Words("put into its layers"));
                        return;
                    }
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or EngineException)
        {
            // Either the build has ended, or the engine does not answer.
        }
    }

    private string Words(string done) => $"it has {done} more than the machine's {_bytes >> 30} GB";

    private async Task<bool> EndAsync(string reason)
    {
        TooMuch = reason;
        await _exceeded.CancelAsync();
        return true;
    }

    [GeneratedRegex("^ ?---> (?<id>[0-9a-f]{12,64})$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Layer();
}
