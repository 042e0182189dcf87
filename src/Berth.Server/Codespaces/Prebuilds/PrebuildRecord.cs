using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// What a prebuild's container was made from, for containers that go on from it. It is stored beside the prebuild's workspace.
/// </summary>
/// <param name="Image">The image that the container was made from. The engine describes the kept image as the container was.</param>
/// <param name="BaseBytes">The size of what is on the engine in any case.</param>
/// <param name="Trees">Git's ids of the folders that were used in builds, by path.</param>
internal sealed record PrebuildRecord(
    string CommitId, string RemoteUser, EngineImage Image, long BaseBytes, IReadOnlyList<JsonObject> Metadata,
    IReadOnlyDictionary<string, string> Trees)
{
    public void Write(CodespaceFolders folders) => File.WriteAllBytes(folders.Prebuild, JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Reads the record. Null when there is none, because the prebuild was never finished.</summary>
    public static PrebuildRecord? Read(CodespaceFolders folders) =>
        File.Exists(folders.Prebuild) ? JsonSerializer.Deserialize<PrebuildRecord>(File.ReadAllBytes(folders.Prebuild)) : null;
}
