using System.Buffers.Binary;
using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Networks;

/// <summary>
/// The image of <see cref="NetworkHolder"/>: one program that waits. It is written here, so that no registry is asked for it, and has the
/// same id wherever it is made.
/// </summary>
internal static class NetworkHolderImage
{
    private const string Program = "wait";
    private const string Name = "berth-network:1";
    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    /// <returns>Its id on the engine.</returns>
    public static async Task<string> EnsureAsync(IContainerEngine engine, CancellationToken cancellationToken)
    {
        var architecture = (await engine.PlatformAsync(cancellationToken)).Architecture;
        using var layer = new MemoryStream();
        await WriteAsync(layer, [(Program, ProgramOf(architecture))], cancellationToken);
        var config = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["architecture"] = architecture,
            ["os"] = "linux",
            ["created"] = "1970-01-01T00:00:00Z",
            ["config"] = new JsonObject { ["Entrypoint"] = new JsonArray("/" + Program) },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray(Digest.OfContent(Digest.Sha256, layer.ToArray()).Value),
            },
        });
        var id = Digest.OfContent(Digest.Sha256, config).Value;
        if (await engine.ImageAsync(id, cancellationToken) is null)
        {
            var manifest = new JsonArray(new JsonObject
            {
                ["Config"] = "config.json",
                ["RepoTags"] = new JsonArray(Name),
                ["Layers"] = new JsonArray("layer.tar"),
            });
            (string, byte[])[] files =
            [
                ("config.json", config), ("layer.tar", layer.ToArray()), ("manifest.json", JsonSerializer.SerializeToUtf8Bytes(manifest)),
            ];
            await engine.LoadImageAsync((stream, cancel) => WriteAsync(stream, files, cancel), cancellationToken);
        }

        return id;
    }

    /// <summary>An ELF file of one segment (elf(5)) whose only instructions wait for a signal, again and again.</summary>
    internal static byte[] ProgramOf(string architecture)
    {
        var (machine, code) = architecture switch
        {
            // mov eax, 34 (pause); syscall; jmp to the first.
            "amd64" => (0x3e, (byte[])[0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]),

            // ppoll without descriptors or end: mov x0…x4, 0; mov x8, 73; svc 0; b to the first.
            "arm64" => (
                0xb7,
                Words(0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004, 0xd2800928, 0xd4000001, 0x17fffff9)),
            _ => throw new EngineException(0, $"codespaces run on amd64 and arm64, and the engine's machine is {architecture}"),
        };
        const int HeaderSize = 64, SegmentSize = 56;
        const ulong Address = 0x400000;
        var file = new byte[HeaderSize + SegmentSize + code.Length];
        ReadOnlySpan<byte> identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(file);
        Half(16, 2);
        Half(18, machine);
        Word(20, 1);
        Long(24, Address + HeaderSize + SegmentSize);
        Long(32, HeaderSize);
        Half(52, HeaderSize);
        Half(54, SegmentSize);
        Half(56, 1);
        Word(HeaderSize, 1);
        Word(HeaderSize + 4, 5);
        Long(HeaderSize + 16, Address);
        Long(HeaderSize + 24, Address);
        Long(HeaderSize + 32, (ulong)file.Length);
        Long(HeaderSize + 40, (ulong)file.Length);
        Long(HeaderSize + 48, 0x1000);
        code.CopyTo(file, HeaderSize + SegmentSize);
        return file;

        void Half(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);
        void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void Long(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }

    private static byte[] Words(params uint[] words) => [.. words.SelectMany(BitConverter.GetBytes)];

    private static async Task WriteAsync(Stream to, IEnumerable<(string Name, byte[] Content)> files, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(to, TarEntryFormat.Ustar, leaveOpen: true);
        foreach (var (name, content) in files)
        {
            var entry = new UstarTarEntry(TarEntryType.RegularFile, name)
            {
                Mode = Executable,
                ModificationTime = DateTimeOffset.UnixEpoch,
                DataStream = new MemoryStream(content),
            };
            await tar.WriteEntryAsync(entry, cancellationToken);
        }
    }
}
