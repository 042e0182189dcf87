using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>What the container of a prebuild was made from, for containers that go on from it; kept beside its workspace.</summary>
/// <param name="Image">What the container was made of. Of what is kept of it the engine says what the container was.</param>
/// <param name="BaseBytes">Of what is on the engine in any case.</param>
/// <param name="Metadata">What image, features and devcontainer.json contribute.</param>
/// <param name="Trees">Git's ids of the folders that were built from, by their path.</param>
internal sealed record PrebuildRecord(
    string CommitId, string RemoteUser, EngineImage Image, long BaseBytes, IReadOnlyList<JsonObject> Metadata,
    IReadOnlyDictionary<string, string> Trees)
{
    public void Write(CodespaceFolders folders) => File.WriteAllBytes(folders.Prebuild, JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Null when there is none, so it was never finished.</summary>
    public static PrebuildRecord? Read(CodespaceFolders folders) =>
        File.Exists(folders.Prebuild) ? JsonSerializer.Deserialize<PrebuildRecord>(File.ReadAllBytes(folders.Prebuild)) : null;
}
