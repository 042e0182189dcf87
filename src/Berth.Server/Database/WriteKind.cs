namespace Berth.Server.Database;

/// <summary>What a write changes. The write's statements decide it, not its author: the highest kind among them counts.</summary>
public enum WriteKind
{
    /// <summary>Bytes, tags, logs, secrets: nothing that decides who may do what. Cached facts of access stay valid.</summary>
    Content,

    /// <summary>Something that a decision depends on. Cached facts of access are dropped.</summary>
    Access,

    /// <summary>Who has which role where. In addition, tokens whose holder lost the role end in the same transaction.</summary>
    Roles,
}

/// <summary>Finds the kind of a write from its statements, and does what a change of roles requires.</summary>
public interface IWriteRules
{
    /// <summary>Called once for each statement's text. The answer is cached.</summary>
    WriteKind KindOf(string sql);

    /// <summary>Runs in every transaction that changed roles, after its own statements.</summary>
    Task RolesChangedAsync(DbSession session);
}
