using System.Text.Json;

namespace AtomicDevOps.LocalForge.Store;

/// <summary>One writer's turn at the <see cref="ForgeStore"/>. Disposing it without <see cref="Commit"/> undoes what it did.</summary>
internal sealed class ForgeWrite(ForgeStore store) : IDisposable
{
    private readonly List<DocumentChange> _changes = [];
    private readonly Stack<Action> _undo = new();
    private readonly List<Action> _afterCommit = [];

    public long NextId() => store.NextId();

    public T Put<T>(EntityTable<T> table, T entity)
        where T : class, IEntity
    {
        Remember(table, entity.Id);
        table.Set(entity);
        _changes.Add(new DocumentChange(typeof(T).Name, entity.Id, JsonSerializer.Serialize(entity)));
        return entity;
    }

    public void Delete<T>(EntityTable<T> table, T entity)
        where T : class, IEntity
    {
        Remember(table, entity.Id);
        table.Remove(entity.Id);
        _changes.Add(new DocumentChange(typeof(T).Name, entity.Id, null));
    }

    /// <summary>Has <paramref name="action"/> run once the changes are safely on disk.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    public void Commit()
    {
        if (_changes.Count > 0)
        {
            store.Save(_changes);
        }

        _undo.Clear();
        foreach (var action in _afterCommit)
        {
            action();
        }
    }

    public void Dispose()
    {
        while (_undo.TryPop(out var undo))
        {
            undo();
        }

        store.EndWrite();
    }

    private void Remember<T>(EntityTable<T> table, long id)
        where T : class, IEntity
    {
        if (table.TryGet(id, out var before))
        {
            _undo.Push(() => table.Set(before));
        }
        else
        {
            _undo.Push(() => table.Remove(id));
        }
    }
}
