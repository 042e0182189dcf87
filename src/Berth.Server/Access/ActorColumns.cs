namespace Berth.Server.Access;

/// <summary>
/// The columns that say who did something. Every table of records has them. Their names, values and parameters are written only here, so
/// that all records describe their actor in the same way.
/// </summary>
internal static class ActorColumns
{
    public const string Names = "actor, actor_name, token_id, address, request_id, run, ref, commit_id, environment";

    /// <summary>The values in the order of <see cref="Names"/>. <see cref="Of"/> returns their parameters.</summary>
    public const string Values =
        "@actorKey, @actorName, @actorToken, @actorAddress, @actorRequest, @actorRun, @actorRef, @actorCommit, @actorEnvironment";

    /// <summary>The columns of a table with an alias.</summary>
    public static string OfAlias(string alias) => $"{alias}." + Names.Replace(", ", $", {alias}.", StringComparison.Ordinal);

    public static object Of(ChangeActor actor) => new
    {
        actorKey = actor.Key,
        actorName = actor.Name,
        actorToken = actor.TokenId,
        actorAddress = actor.Address,
        actorRequest = actor.RequestId,
        actorRun = actor.Run,
        actorRef = actor.Ref,
        actorCommit = actor.Commit,
        actorEnvironment = actor.Environment,
    };
}
