using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <content>Each name is one container's.</content>
internal sealed partial class ScriptedContainers
{
    public Task RenameAsync(string id, string name, CancellationToken cancellationToken) => AnswerAsync(
        () =>
        {
            if (_containers.ContainsKey(id))
            {
                _names.Remove(NameOf(id));
                _names[name] = id;
            }

            return true;
        },
        cancellationToken);

    private string NameOf(string id) => _names.FirstOrDefault(name => name.Value == id).Key ?? "";

    private void CheckFree(string name)
    {
        if (_names.TryGetValue(name, out var taken) && _containers.ContainsKey(taken))
        {
            throw new EngineException(409, $"Conflict. The container name \"/{name}\" is already in use by container {taken}");
        }
    }
}
